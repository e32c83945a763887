import { request } from 'node:http';

/** Sends these very bytes and headers, whatever they are, and gives what came back. */
export const postBytes = (
  url: string,
  body: string | Buffer,
  headers: Record<string, string | string[]>,
  method = 'POST',
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
