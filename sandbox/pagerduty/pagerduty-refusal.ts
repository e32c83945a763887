/** What PagerDuty answers instead of doing something: a status and `{ error: { message, code, errors } }`. */
export class PagerDutyRefusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: string[];

  constructor(status: number, message: string, code: number, errors: string[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export const invalidInput = (...errors: string[]) => new PagerDutyRefusal(400, 'Invalid Input Provided', 2001, errors);
export const notFound = () => new PagerDutyRefusal(404, 'Not Found', 2100);

/** Refuses keys that the official description of the body doesn't have, and names those that are missing. */
export const checkKeys = (value: any, where: string, needs: string[], takes: string[]): void => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidInput(`${where} must be an object`);
  const missing = needs.filter((key) => value[key] === undefined);
  const unknown = Object.keys(value).filter((key) => !needs.includes(key) && !takes.includes(key));
  if (missing.length + unknown.length === 0) return;
  throw invalidInput(
    ...missing.map((key) => `${where}.${key} is missing`),
    ...unknown.map((key) => `${where}.${key} is unknown`),
  );
};

/** Query parameters that the operation doesn't have are refused, pagination aside. */
export const checkQuery = (query: URLSearchParams, allowed: string[]): void => {
  const known = new Set([...allowed, 'limit', 'offset', 'total']);
  const unknown = [...query.keys()].filter((key) => !known.has(key));
  if (unknown.length > 0) throw invalidInput(...unknown.map((key) => `query parameter ${key} is unknown`));
};
