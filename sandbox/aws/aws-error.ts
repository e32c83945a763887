/** An answer of AWS that says no, with the code that the real service uses. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** The document or model that says so; goes into the ledger. */
  readonly source: string;

  constructor(code: string, message: string, status = 400, source = 'the API reference of the operation') {
    super(message);
    this.code = code;
    this.status = status;
    this.source = source;
  }
}
