import type { Settings } from './config.ts';
import type { System, SystemTools } from './define.ts';
import { createAwsEc2 } from './systems/aws-ec2/index.ts';
import { createAwsEcs } from './systems/aws-ecs/index.ts';
import { createAwsElasticache } from './systems/aws-elasticache/index.ts';
import { createAwsRds } from './systems/aws-rds/index.ts';
import { createAwsRoute53 } from './systems/aws-route53/index.ts';
import { createAwsS3 } from './systems/aws-s3/index.ts';
import { createClickhouse } from './systems/clickhouse/index.ts';
import { createCloudflare } from './systems/cloudflare/index.ts';

import { createDns } from './systems/dns/index.ts';
import { createEmail } from './systems/email/index.ts';
import { createHttp } from './systems/http/index.ts';
import { createKubernetes } from './systems/kubernetes/index.ts';
import { createNats } from './systems/nats/index.ts';
import { createPagerDuty } from './systems/pagerduty/index.ts';
import { createPatroni } from './systems/patroni/index.ts';
import { createPostgres } from './systems/postgres/index.ts';
import { createPrometheus } from './systems/prometheus/index.ts';
import { createRedis } from './systems/redis/index.ts';
import { createSlack } from './systems/slack/index.ts';
import { createStatuspage } from './systems/statuspage/index.ts';
import { createWebhook } from './systems/webhook/index.ts';

/** Every outside system; a test holds this list and `src/systems/` equal. Making one connects to nothing. */
export const createSystems = (settings: Settings, tools: SystemTools) => {
  const slack = createSlack(settings.slack, tools);
  const pagerduty = createPagerDuty(settings.pagerduty, tools);
  const statuspage = createStatuspage(settings.statuspage, tools);
  const email = createEmail(settings.email, tools);
  const all: System[] = [
    createAwsRds(settings.rds, tools),
    createAwsEcs(settings.ecs, tools),
    createAwsEc2(settings.ec2, tools),
    createAwsElasticache(settings.elasticache, tools),
    createAwsRoute53(settings.route53, tools),
    createAwsS3(settings.s3, tools),
    createCloudflare(settings.cloudflare, tools),
    createKubernetes(settings.kubernetes, tools),
    createPostgres({}, tools),
    createClickhouse({}, tools),
    createPatroni({}, tools),
    createPrometheus({}, tools),
    createWebhook({}, tools),
    createNats({}, tools),
    createRedis({}, tools),
    createHttp({}, tools),
    createDns({}, tools),
    slack,
    pagerduty,
    statuspage,
    email,
  ];
  return { all, slack, pagerduty, statuspage, email };
};
