import { describe, expect, it } from 'vitest';
import type { Logger } from '../../ports/logger.ts';
import { createLogger, type LogLevel } from './logger.ts';

const logged = (write: (logger: Logger) => void, level: LogLevel = 'debug'): readonly Readonly<Record<string, unknown>>[] => {
  const lines: string[] = [];
  write(createLogger({ level, destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
};

describe('createLogger', () => {
  it('writes one line of JSON with level, time, controller, fields and message, and nothing else', () => {
    const [line] = logged((logger) => logger.info({ name: 'front' }, 'upgraded'));
    expect(line).toEqual({ level: 'info', ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), controller: 'chartrelease', name: 'front', msg: 'upgraded' });
  });

  it('leaves out what is below its level', () => {
    const lines = logged((logger) => {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({}, level);
    }, 'warn');
    expect(lines.map(({ msg }) => msg)).toEqual(['warn', 'error']);
  });

  it('adds bound fields to every line', () => {
    const [line] = logged((logger) => logger.with({ namespace: 'shop' }).with({ name: 'front' }).warn({ wave: 1 }, 'x'));
    expect(line).toMatchObject({ namespace: 'shop', name: 'front', wave: 1 });
  });

  it('writes errors with message, stack and causes, and none of their other properties', () => {
    const cause = Object.assign(new TypeError('refused'), { code: 'ECONNREFUSED', headers: { authorization: 'canary' } });
    const [line] = logged((logger) => logger.error({ error: new Error('cannot pull', { cause }) }, 'x'));
    expect(line?.['error']).toEqual({
      name: 'Error',
      message: 'cannot pull',
      stack: expect.stringContaining('logger.test'),
      cause: { name: 'TypeError', code: 'ECONNREFUSED', message: 'refused', stack: expect.any(String) },
    });
  });

  it('writes all errors of an aggregate, ends at causes that go round, and takes what is no error', () => {
    const round = new Error('round');
    round.cause = round;
    const lines = logged((logger) => {
      logger.error({ error: new AggregateError([new Error('a'), 'b'], 'all') }, 'x');
      logger.error({ error: round }, 'x');
      logger.error({ error: 'plain' }, 'x');
    });
    expect(lines[0]).toMatchObject({ error: { errors: [{ message: 'a' }, 'b'] } });
    expect(lines[1]).toMatchObject({ error: { cause: { message: 'round' } } });
    expect(lines[2]).toMatchObject({ error: 'plain' });
  });

  it.each([
    ['at the top', { password: 'canary' }],
    ['one level down', { credential: { username: 'a', password: 'canary' } }],
    ['two levels down', { request: { headers: { authorization: 'canary', Authorization: 'canary' } } }],
    ['as a token', { auth: { token: 'canary' } }],
  ])('hides secrets %s, bound or not', (_, fields) => {
    const lines = logged((logger) => {
      logger.info(fields, 'x');
      logger.with(fields).info({}, 'x');
    });
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toContain('canary');
    expect(lines[0]).toMatchObject({ msg: 'x' });
  });
});
