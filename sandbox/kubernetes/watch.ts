import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClusterStore, KubernetesObject, WatchEvent } from './cluster-store.ts';
import type { ResourceType } from './resource-types.ts';

/** Streams what happens to the selected objects, from the given version on, one JSON document a line. */
export const streamWatch = (
  store: ClusterStore,
  type: ResourceType,
  selected: (object: KubernetesObject) => boolean,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): void => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const tell = (event: Omit<WatchEvent, 'resource' | 'version'>) =>
    void response.write(`${JSON.stringify({ type: event.type, object: event.object })}\n`);
  const from = url.searchParams.get('resourceVersion');
  const matches = (event: WatchEvent) => event.resource.plural === type.plural && selected(event.object);
  if (!from || from === '0') {
    for (const object of store.list(type).filter(selected)) tell({ type: 'ADDED', object });
  } else {
    for (const event of store.since(Number(from)).filter(matches)) tell(event);
  }
  const stop = store.watch((event) => void (matches(event) && tell(event)));
  const seconds = Number(url.searchParams.get('timeoutSeconds') ?? 1800);
  const timer = setTimeout(() => response.end(), seconds * 1000);
  timer.unref();
  request.on('close', () => {
    stop();
    clearTimeout(timer);
  });
  response.flushHeaders();
};
