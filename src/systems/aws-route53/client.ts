import type { ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import type { StepContext } from '../../define.ts';
import { createAwsClients } from '../aws-clients.ts';
import type { AwsRoute53Settings } from './config.ts';
import { route53Failure } from './errors.ts';
import { route53Sdk } from './sdk.ts';

/** Route 53 is one service for the whole world; its API is signed for the Region where its control plane lives. */
const signingRegion = 'us-east-1';

export interface Route53 {
  reading(): Route53Client;
  changing(context: StepContext): Promise<Route53Client>;
  /** All record sets of exactly this name and type. */
  list(zone: string, name: string, type: string, signal: AbortSignal): Promise<ResourceRecordSet[]>;
  close(): void;
}

export const createRoute53Client = (settings: AwsRoute53Settings): Route53 => {
  const clients = createAwsClients(
    settings,
    settings.AWS_ENDPOINT_URL_ROUTE_53,
    (options) => new (route53Sdk().Route53Client)(options),
  );
  const reading = () => clients.reading(signingRegion);
  return {
    reading,
    changing: (context) => clients.changing(signingRegion, context),
    async list(zone, name, type, abortSignal) {
      try {
        const answer = await reading().send(
          new (route53Sdk().ListResourceRecordSetsCommand)({
            HostedZoneId: zone,
            StartRecordName: name,
            StartRecordType: type as ResourceRecordSet['Type'],
          }),
          { abortSignal },
        );
        // The list starts at the name and goes on beyond it.
        return (answer.ResourceRecordSets ?? []).filter(
          (set) => withoutDot(set.Name ?? '') === withoutDot(name) && set.Type === type,
        );
      } catch (error) {
        throw route53Failure(error, 'ListResourceRecordSets');
      }
    },
    close: clients.close,
  };
};

const withoutDot = (name: string) => name.toLowerCase().replace(/\.$/, '');
