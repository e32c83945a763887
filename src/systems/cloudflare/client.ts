import type { SystemTools } from '../../define.ts';
import { MaydayError } from '../../errors.ts';
import { callJson } from '../json-call.ts';
import type { CloudflareSettings } from './config.ts';
import { cloudflareFailure, cloudflareRefusal } from './errors.ts';

export interface CloudflareRecord {
  id: string;
  content: string;
  ttl: number;
  proxied: boolean;
}

export interface Cloudflare {
  /** All records of exactly this name and type. */
  list(zone: string, name: string, type: string, signal: AbortSignal): Promise<CloudflareRecord[]>;
  change(
    zone: string,
    id: string,
    change: Partial<CloudflareRecord> & { comment?: string },
    signal: AbortSignal,
  ): Promise<void>;
}

const mostRecords = 100;

export const createCloudflareClient = (settings: CloudflareSettings, { dialler }: SystemTools): Cloudflare => {
  const base = settings.CLOUDFLARE_API_URL.replace(/\/+$/, '');
  const call = async (what: string, method: string, path: string, body: object | undefined, signal: AbortSignal) => {
    const token = settings.CLOUDFLARE_API_TOKEN;
    if (!token)
      throw new MaydayError(
        'config/missing',
        `CLOUDFLARE_API_TOKEN is missing: Mayday switches records at Cloudflare with it. Nothing was sent; set it and retry.`,
      );
    const isChange = method !== 'GET';
    const headers = { authorization: `Bearer ${token}` };
    try {
      const answer = await callJson(dialler, { method, url: `${base}${path}`, headers, body }, signal);
      if (answer.status >= 200 && answer.status < 300 && answer.body?.success === true) return answer.body.result;
      throw cloudflareRefusal(what, isChange, answer);
    } catch (error) {
      throw cloudflareFailure(what, isChange, error);
    }
  };
  return {
    async list(zone, name, type, signal) {
      const query = new URLSearchParams({ name, type, per_page: String(mostRecords) });
      const path = `/zones/${encodeURIComponent(zone)}/dns_records?${query}`;
      const found: any[] = await call(`list ${type} records of ${name}`, 'GET', path, undefined, signal);
      return found
        .filter((record) => String(record.name).toLowerCase() === name.toLowerCase() && record.type === type)
        .map(({ id, content, ttl, proxied }) => ({ id, content, ttl, proxied: proxied === true }));
    },
    async change(zone, id, change, signal) {
      const path = `/zones/${encodeURIComponent(zone)}/dns_records/${encodeURIComponent(id)}`;
      await call(`change record ${id}`, 'PATCH', path, change, signal);
    },
  };
};
