// Reads statements with libraries that are not ours and prints what they understood: node read.mjs FOLDER
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as iso20022 from 'iso20022.js';
import mt940 from 'mt940js';

const signed = (amount, indicator) => (indicator === 'credit' ? amount : -amount);

// The library counts every currency that it does not know in hundredths.
const camt = (text) => {
  const [statement] = iso20022.CashManagementEndOfDayReport.fromXML(text).statements;
  const balance = (type) => statement.balances.filter((b) => b.type === type).map((b) => signed(b.amount, b.creditDebitIndicator))[0];
  return {
    account: statement.account.iban,
    currency: statement.balances[0].currency,
    opening: balance('OPBD') / 100,
    entries: statement.entries.map((e) => signed(e.amount, e.creditDebitIndicator) / 100),
    closing: balance('CLBD') / 100,
  };
};

const swift = (text) => {
  const [statement] = new mt940.Parser().parse(text);
  return {
    account: statement.accountIdentification,
    currency: statement.currency,
    opening: statement.openingBalance,
    entries: statement.transactions.map((t) => t.amount),
    closing: statement.closingBalance,
  };
};

const [, , folder] = process.argv;
const read = {};
for (const name of readdirSync(folder)) {
  const text = readFileSync(join(folder, name), 'utf8');
  read[name] = name.endsWith('.camt') ? camt(text) : swift(text);
}

console.log(JSON.stringify(read));
