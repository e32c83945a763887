/**
 * The words in which commands, flows, actions, checks and component kinds are written, and nothing else: only types
 * and a few small functions, so that anything may import this file without pulling in an engine or an SDK.
 */
import type { Action } from './define/action.ts';
import type { Check } from './define/check.ts';
import type { Command } from './define/command.ts';
import type { ComponentKind } from './define/component-kind.ts';
import type { Flow } from './define/flow.ts';

export * from './define/action.ts';
export * from './define/basics.ts';
export * from './define/check.ts';
export * from './define/command.ts';
export * from './define/component-kind.ts';
export * from './define/context.ts';
export * from './define/flow.ts';
export * from './define/flow-plan.ts';
export * from './define/graph.ts';
export * from './define/names.ts';

export const defineAction = <W, I, O>(action: Action<W, I, O>): Action<W, I, O> => action;
export const defineCheck = <W, I>(check: Check<W, I>): Check<W, I> => check;
export const defineKind = <A, S>(kind: ComponentKind<A, S>): ComponentKind<A, S> => kind;
export const defineFlow = (flow: Flow): Flow => flow;
export const defineCommand = (command: Command): Command => command;
