import { z } from 'zod';

/** Where Prometheus is stands in plans; this system has no settings of its own. */
export const prometheusSettings = z.object({});

export type PrometheusSettings = z.infer<typeof prometheusSettings>;
