/** The line that a person could type instead of what an action does; `$NAME` in headers stays for the shell to fill in. */
export const curlLine = (method: string, url: string, headers: Record<string, string>, data?: unknown): string => {
  const parts = ['curl', '-X', method];
  for (const [name, value] of Object.entries(headers))
    parts.push('-H', `"${name}: ${value.replace(/["\\`]/g, '\\$&')}"`);
  if (data !== undefined) parts.push('-H', '"Content-Type: application/json"', '-d', quote(JSON.stringify(data)));
  parts.push(quote(url));
  return parts.join(' ');
};

const quote = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`;
