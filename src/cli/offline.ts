import { readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { createComponentDescribe } from '../component-describe.ts';
import { type Environment, offlineSettings, type Settings } from '../config.ts';
import type { System } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { didYouMean } from '../plan/nearest.ts';
import { type Plan, readPlan } from '../plan/plan.ts';
import { createRegistry, type Registry } from '../plan/registry.ts';
import { createTools } from '../plan-language.ts';
import { createSystems } from '../systems.ts';

/** The plan language with everything that plans may name, on a machine that has neither tokens nor a network. */
export interface Offline {
  settings: Settings;
  systems: readonly System[];
  registry: Registry;
  /** The same language with systems that do connect. */
  withSystems(systems: readonly System[]): Registry;
  /** Paths of all plan files, as a person here would write them. */
  files(): string[];
  /** Reads the plan of that name. Throws `plan/unknown` with the nearest one, `plan/invalid` with every fault. */
  plan(name: string): Plan;
}

export const openOffline = (environment: Environment = process.env): Offline => {
  const settings = offlineSettings(environment);
  const clock = { speed: 1, now: () => new Date(), wall: () => new Date() };
  const log = { info() {}, warn() {}, error() {} };
  const systems = createSystems(settings, createTools(settings, {}, clock, log));
  const unasked = (): never => {
    throw new Error('Nothing is looked at while plans are only read.');
  };
  const withSystems = (all: readonly System[]) => createRegistry([...all, createComponentDescribe(unasked, unasked)]);
  const registry = withSystems(systems.all);
  const files = (): string[] => {
    try {
      return readdirSync(settings.MAYDAY_PLANS)
        .filter((name) => name.endsWith('.yml'))
        .sort()
        .map((name) => shortest(join(settings.MAYDAY_PLANS, name)));
    } catch (cause) {
      throw new MaydayError(
        'config/invalid',
        `The folder of the plans, ${settings.MAYDAY_PLANS}, cannot be read (${messageOf(cause)}). Set MAYDAY_PLANS to the folder that holds one YAML file per protected system.`,
        { cause },
      );
    }
  };
  return {
    settings,
    systems: systems.all,
    registry,
    withSystems,
    files,
    plan(name) {
      const file = files().find((path) => basename(path, '.yml') === name);
      if (file) return readPlan(file, registry);
      const names = files().map((path) => basename(path, '.yml'));
      throw new MaydayError('plan/unknown', `There is no plan "${name}".${didYouMean(name, names)}`);
    },
  };
};

/** Relative where that is shorter: what a person would have typed. */
export const shortest = (path: string): string => {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
};
