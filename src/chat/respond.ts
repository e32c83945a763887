import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

const patienceMs = 10_000;
const connections = { keepAlive: true, maxSockets: 20 };
const agents = { 'http:': new HttpAgent(connections), 'https:': new HttpsAgent(connections) };

/**
 * Posts JSON to a `response_url`. Connections are kept and few, so that a burst of answers takes nothing away from
 * acknowledging what comes in meanwhile: an answer may wait for half an hour, an acknowledgement for three seconds.
 */
export const postAnswer = async (url: string, answer: object): Promise<void> => {
  try {
    await post(url, answer);
  } catch (error) {
    // Slack closes connections that nobody uses for a while, and one may be taken up in that very moment.
    if (!(error instanceof ClosedMeanwhile)) throw error;
    await post(url, answer);
  }
};

class ClosedMeanwhile extends Error {}

const post = (url: string, answer: object): Promise<void> =>
  new Promise((resolve, reject) => {
    const address = new URL(url);
    const isPlain = address.protocol === 'http:';
    const body = JSON.stringify(answer);
    const request = (isPlain ? httpRequest : httpsRequest)(address, {
      method: 'POST',
      agent: agents[isPlain ? 'http:' : 'https:'],
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      timeout: patienceMs,
    });
    request.once('timeout', () => request.destroy(new Error(`Slack took no answer within ${patienceMs / 1000} s.`)));
    request.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ECONNRESET' && request.reusedSocket ? new ClosedMeanwhile(error.message) : error),
    );
    request.once('response', (response) => {
      response.resume();
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) resolve();
        else reject(new Error(`Slack took no answer at the response_url: HTTP ${statusCode}`));
      });
    });
    request.end(body);
  });
