import { grouped } from "./number";

/**
 * US dollars for people. What is less than a cent keeps four digits, and what is
 * less than that is never shown as nothing. `null` is a cost that nobody knows,
 * because the price of a model isn't known: it is not $0.
 */
export function money(usd: number | null | undefined): string {
  if (usd == null) return "unknown";
  if (usd === 0) return "$0.00";
  if (usd < 0.0001) return "<$0.0001";
  if (usd < 0.01) return `$${usd.toFixed(4)}`;
  return `$${grouped((Math.round(Number(`${String(usd)}e2`)) / 100).toFixed(2))}`; // as people round: 1.005 is $1.01
}
