// A client of another company, which knows the bank by the types of its OpenAPI document alone. It runs with the address of a bank in
// Development, moves money, and prints what became of it.
import type { components, paths } from "./bank";

declare const process: { argv: string[] };

type Problem = components["schemas"]["Problem"];
type Post<P extends keyof paths> = paths[P] extends { post: infer O } ? O : never;
type Body<P extends keyof paths> = Post<P> extends { requestBody: { content: { "application/json": infer B } } } ? B : never;
type Headers<P extends keyof paths> = Post<P> extends { parameters: { header: infer H } } ? H : Record<string, never>;
type Answer<O, S extends number> =
  O extends { responses: Record<S, { content: { "application/json": infer A } }> } ? A : never;

const [, , bank] = process.argv;
let token = "";

async function read<T>(response: Response): Promise<T> {
  if (!response.ok) {
    const problem = (await response.json()) as Problem;
    throw new Error(`${problem.code}: ${problem.detail}`);
  }

  return (await response.json()) as T;
}

async function post<P extends keyof paths, S extends number>(
  path: P, status: S, body: Body<P>, headers: Headers<P>): Promise<Answer<Post<P>, S>> {
  const response = await fetch(bank + path, {
    method: "POST",
    headers: Object.assign({ "Content-Type": "application/json", Authorization: `Bearer ${token}` }, headers),
    body: JSON.stringify(body),
  });
  return read<Answer<Post<P>, S>>(response);
}

const issued = await fetch(bank + "/dev/token", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ role: "teller" } satisfies Body<"/dev/token">),
});
token = (await read<components["schemas"]["DevTokenAnswer"]>(issued)).token;

const ada = await post("/v1/customers", 201, { name: "Ada" }, {});
const open = () => post("/v1/accounts", 201, { customerId: ada.id, currency: "EUR" }, {});
const [from, to] = [await open(), await open()];
await post(
  "/v1/deposits", 201, { accountId: from.id, amount: { value: "20.00", currency: "EUR" }, reason: "salary" },
  { "Idempotency-Key": `deposit-${from.id}` });

const rent = { fromAccountId: from.id, toAccountId: to.id, amount: { value: "12.50", currency: "EUR" }, reason: "rent" };
const transfer = await post("/v1/transfers", 201, rent, { "Idempotency-Key": `rent-${from.id}` });

// What the bank would refuse does not compile.
const { reason, ...withoutReason } = rent;
// @ts-expect-error A reason is required.
const unexplained: Body<"/v1/transfers"> = withoutReason;
// @ts-expect-error A key is required.
const unkeyed: Headers<"/v1/transfers"> = {};
// @ts-expect-error The limit of a page is a number.
const limit: NonNullable<paths["/v1/accounts"]["get"]["parameters"]["query"]>["limit"] = "many";

const refused = await post(
  "/v1/transfers", 201, { ...rent, amount: { value: "1000.00", currency: "EUR" } }, { "Idempotency-Key": `more-${from.id}` })
  .catch((e: Error) => e.message.split(":")[0] as Problem["code"]);

console.log(JSON.stringify({ id: transfer.id, balance: transfer.balance?.value, refused, unused: [unexplained.reason, unkeyed, limit, reason] }));
