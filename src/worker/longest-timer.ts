/** The longest that a timer of Node can be set to, in milliseconds: one that is set to more fires at once. Some 25 days. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
