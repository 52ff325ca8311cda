/** What the dashboard may weigh and hold. CI fails on bytes, elements and long tasks; times are only printed. */
export const budgets = {
  /** Bytes over the wire, compressed: scripts that a first visit loads, and what a diff needs besides. */
  js: { jobs: 130_000, job: 200_000, conversation: 190_000, diff: 480_000 },
  css: 25_000,
  /** Of all files that the program embeds. */
  embedded: { files: 100, raw: 3_000_000, compressed: 1_000_000 },
  /** Elements of a table of 10,000 rows, of a diff of 20,000 lines, of a thread of 5,000 messages. */
  nodes: { grid: 300, diff: 2_000, thread: 300 },
  /** Milliseconds; the longest task while a diff of 20,000 lines comes. Twice that on a machine that others use, too. */
  longestTask: 200,
} as const;
