// The figures of a report: what each is called, what it says, and which jobs it is about.

import { moneyText } from "../../shared/ui/money.js";
import { endedStatuses, onTimeText } from "./report_query.js";

/**
 * [{name, head, text, about, question}]: `text` of the figures of a row is empty where there is nothing
 * to say. `question` to the history finds `about` jobs; texts are not about jobs.
 */
export function figuresFor(flows, currency) {
  const [done, cancelled] = ["done", "cancelled"].map((end) => ({ status: endedStatuses(flows, end) }));
  const priced = { ...done, price_from: "0" };
  const money = (cents) => moneyText(cents, currency);
  return [
    count("jobs", "Jobs", ({ jobs }) => jobs, {}),
    count("done", "Done", (figures) => figures.done, done),
    count("cancelled", "Cancelled", (figures) => figures.cancelled, cancelled),
    count("failed-attempts", "Failed attempts", ({ failed_attempts }) => failed_attempts, { failed: "true" }),
    {
      ...count("revenue", "Revenue", (figures) => figures.priced, priced),
      text: ({ revenue_cents }) => money(revenue_cents),
    },
    {
      ...count("unpaid", "Unpaid", ({ unpaid_jobs }) => unpaid_jobs, { ...done, paid: "false" }),
      text: ({ unpaid_cents }) => money(unpaid_cents),
    },
    {
      ...count("average", "Average price", (figures) => figures.priced, priced),
      text: ({ average_price_cents }) => money(average_price_cents),
    },
    { ...count("on-time", "On time", ({ on_time }) => on_time, { on_time: "true" }), text: onTimeText },
    { name: "texts", head: "Texts sent", text: ({ texts }) => String(texts), about: () => 0, question: {} },
  ];
}

function count(name, head, about, question) {
  return { name, head, about, question, text: (figures) => String(about(figures)) };
}
