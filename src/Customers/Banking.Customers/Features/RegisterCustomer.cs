using System.Text.RegularExpressions;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.Customers.Contracts;
using Banking.Customers.Domain;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Banking.Customers.Features;

/// <summary>A registration of a customer.</summary>
public sealed record RegisterCustomerRequest(string Name, string? Email = null, string? Phone = null)
{
    /// <summary>Without personal data, because records may be logged.</summary>
    public override string ToString() => nameof(RegisterCustomerRequest);
}

/// <summary>A customer in an answer. Personal members are absent if the person is erased, and in the answer to a registration.</summary>
public sealed record CustomerView(
    string Id, string? Name, string? Email, string? Phone, IReadOnlyDictionary<string, string>? Details, bool Erased,
    DateTimeOffset RegisteredAt, string? ExternalId, long Version)
{
    internal static CustomerView Of(Customer customer, PersonalData? personal) =>
        new(
            PublicId.Format(CustomerStreams.Prefix, customer.Id),
            personal?.Name,
            personal?.Email,
            personal?.Phone,
            personal?.Details,
            personal is null,
            customer.RegisteredAt,
            customer.ExternalId,
            customer.Version);

    /// <summary>
    /// The answer to a registration has no personal data: it is stored as the receipt, which is not encrypted under the customer's key.
    /// </summary>
    internal static CustomerView Registered(Customer customer) => Of(customer, null) with { Erased = false };

    /// <summary>Without personal data, because records may be logged.</summary>
    public override string ToString() => $"{nameof(CustomerView)} {Id}";
}

public static class RegisterCustomerEndpoint
{
    [WolverinePost("/v1/customers", OperationId = "registerCustomer")]
    [RunsCommand]
    [Creates("a customer")]
    [Tags("Customers")]
    [EndpointSummary("Register a customer")]
    [EndpointDescription("Registers a customer. Personal data is stored encrypted under a key of its own.")]
    [Authorize(Policies.Onboard)]
    [Problems("invalid_text", "overloaded", "key_unavailable")]
    [ProducesResponseType<CustomerView>(StatusCodes.Status201Created)]
    public static Task<IResult> Post(RegisterCustomerRequest request, CustomerRegistration registration, HttpContext http) =>
        registration.HttpAsync(http, key => (new RegisterCustomer(key, request.Name, request.Email, request.Phone), null));
}

public static partial class RegisterCustomerHandler
{
    internal static readonly CommandShape<RegisterCustomer> Shape =
        new("customers.register-customer.v1", c => c.CommandId, _ => (null, null), Check);

    public static Task<CommandReply> Handle(
        RegisterCustomer command, Envelope envelope, CustomerRegistration registration, CancellationToken ct) =>
        registration.BusAsync(command, envelope, ct);

    internal static Decision Decide(Guid id, SealedData personal, StoredKey key, Guid eventId, DateTimeOffset now) =>
        new Decision.Accepted(new NewEvent(id, eventId, new CustomerRegistered(personal, now))) { Documents = [key] };

    private static Refusal? Check(RegisterCustomer command) =>
        CheckText("name", command.Name ?? "", 200)
        ?? CheckText("email", command.Email, 254)
        ?? CheckText("phone", command.Phone, 40)
        ?? (command.Email is not null && !EmailShape().IsMatch(command.Email)
            ? Refusal.Invalid("invalid_text", "An e-mail address has text on both sides of one @.", "#/email")
            : null);

    private static Refusal? CheckText(string member, string? text, int maxLength) => PlainText.Problem(text, maxLength) is { } why
        ? Refusal.Invalid("invalid_text", why, "#/" + member)
        : null;

    [GeneratedRegex(@"\A[^@\s]+@[^@\s]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex EmailShape();
}
