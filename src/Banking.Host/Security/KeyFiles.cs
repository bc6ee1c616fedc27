using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Logging.Abstractions;

namespace Banking.Host.Security;

/// <summary>
/// The files of the key ring. A key can be added but never be the first one: an empty folder is a volume that is not mounted, until an
/// explicit first key says otherwise (<see cref="KeyRingFolder.CreateFirstKey"/>).
/// </summary>
internal sealed class KeyFiles(KeyRingFolder folder, ILogger logger) : IXmlRepository
{
    private readonly FileSystemXmlRepository _files = new(folder.Open(), NullLoggerFactory.Instance);

    public IReadOnlyCollection<XElement> GetAllElements() => _files.GetAllElements();

    public void StoreElement(XElement element, string friendlyName)
    {
        if (!folder.HasKeys)
        {
            throw new InvalidOperationException("it has no key");
        }

        _files.StoreElement(element, friendlyName);
        logger.LogWarning(
            "The key ring in {Folder} has a new file, {Name}.xml: back the folder up. What it wraps is lost without it",
            folder.Path, friendlyName);
    }
}
