import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SandboxContext } from '../part.ts';
import { readBody } from '../read-body.ts';
import type { Workspace } from './workspace.ts';
import type { SlackFile } from './workspace-shapes.ts';

interface Kept {
  file: SlackFile;
  content?: Buffer;
  /** The upload was completed: people may see it. */
  complete: boolean;
}

const mimeTypes: Record<string, string> = {
  txt: 'text/plain',
  md: 'text/markdown',
  log: 'text/plain',
  json: 'application/json',
  csv: 'text/csv',
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
};

/** Files of the workspace, from the address to which they are sent to what is shown of them. */
export const createFiles = (context: SandboxContext, workspace: Workspace, base: () => string) => {
  const files = new Map<string, Kept>();
  return {
    begin(name: string, length: number, altText?: string): { id: string; uploadUrl: string } {
      const id = workspace.newId('F');
      const filetype = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? 'binary';
      const file: SlackFile = {
        id,
        name,
        title: name,
        mimetype: mimeTypes[filetype] ?? 'application/octet-stream',
        filetype,
        size: length,
        user: workspace.bot.user,
        created: Math.floor(Date.now() / 1000),
        url_private: `${base()}/files/${id}`,
        permalink: `https://${workspace.team.domain}.slack.com/files/${workspace.bot.user}/${id}/${encodeURIComponent(name)}`,
        ...(altText ? { alt_txt: altText } : {}),
      };
      files.set(id, { file, complete: false });
      return { id, uploadUrl: `${base()}/upload/v1/${id}` };
    },
    find: (id: string): Kept | undefined => files.get(id),
    /** Takes what is sent to an upload's address: plain bytes, or a form with one file. */
    async upload(request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
      const kept = files.get(id);
      const body = await readBody(request);
      if (!kept || kept.complete || request.method !== 'POST') {
        context.ledger.refuse('slack:upload', '404', 'https://docs.slack.dev/messaging/working-with-files');
        response.writeHead(404).end();
        return;
      }
      kept.content = await contentOf(body, request.headers['content-type'] ?? '');
      kept.file.size = kept.content.length;
      context.ledger.accept('slack:upload', `slack:${id}`, { name: kept.file.name, size: kept.file.size }).visible();
      response.writeHead(200, { 'content-type': 'text/plain' }).end(`OK - ${kept.file.size}`);
    },
  };
};

export type Files = ReturnType<typeof createFiles>;

const contentOf = async (body: Buffer, type: string): Promise<Buffer> => {
  if (!type.startsWith('multipart/form-data')) return body;
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  for (const value of form.values()) if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer());
  return Buffer.alloc(0);
};
