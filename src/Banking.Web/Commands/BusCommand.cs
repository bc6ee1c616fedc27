using Banking.Commands.Decisions;

namespace Banking.Web.Commands;

/// <summary>A kind of command that services may send by message, if the settings allow it.</summary>
/// <param name="Name">Its permanent public name, with a version.</param>
public sealed record BusCommand(string Name, Type Type)
{
    public static BusCommand Of<TCommand>(CommandShape<TCommand> shape)
    {
        return new(shape.Name, typeof(TCommand));
    }
}
