using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.Customers.Contracts;
using Banking.Customers.Domain;
using Banking.EventStore.Appending;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Customers.Features;

/// <summary>Runs the registration of a customer. Personal data is encrypted before any other code sees it.</summary>
public sealed class CustomerRegistration(
    CommandRoute commandRoute, CommandGroup<Customer> group, CustomerKeys keys, TimeProvider clock)
{
    internal Task<IResult> HttpAsync(HttpContext http, Func<string, (RegisterCustomer? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, RegisterCustomerHandler.Shape, read, RunAsync);

    internal Task<CommandReply> BusAsync(RegisterCustomer command, Envelope envelope, CancellationToken ct) =>
        commandRoute.BusAsync(command, envelope, RegisterCustomerHandler.Shape, RunAsync, ct);

    private async Task<Outcome> RunAsync(RegisterCustomer command, CommandContext context, CancellationToken ct)
    {
        var id = Ids.Next(clock);
        var eventId = Ids.Next(clock);
        var (key, stored) = await keys.CreateAsync(id, ct);
        var sealedData = key.Seal(new(command.Name, command.Email, command.Phone));
        return await group.SubmitAsync(
            new(
                context,
                [id],
                _ => null,
                (_, now) => RegisterCustomerHandler.Decide(id, sealedData, stored, eventId, now),
                (states, _, _) => Answer(states[id]),
                // No rule refuses a registration, and stored commands must not contain personal data.
                Data: null),
            ct);
    }

    /// <summary>Makes the answers to registrations again from the log.</summary>
    internal static AnswerRule<Customer> Answers { get; } = new(command => Answer(command.State));

    private static CommandAnswer Answer(Customer customer) => CommandAnswer.Created(
        CustomerView.Registered(customer), customer.Id, $"/v1/customers/{PublicId.Format(CustomerStreams.Prefix, customer.Id)}");
}
