/** What every engine has to keep, by name, and how it is checked against the one that stands there. */
export type Obligation<Subject> = {
  /** Also the row of the table in the documentation, so no two are alike. */
  readonly name: string;
  /** Rejects when it is not kept. `tell` prints a figure that was measured. */
  readonly check: (subject: Subject, tell: (figure: string) => void) => Promise<void>;
};
