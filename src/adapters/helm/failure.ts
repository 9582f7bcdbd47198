import { RenderError, type RenderErrorCode } from '../../ports/renderer.ts';
import type { FailedReply, FailureCode } from './protocol.ts';

/** A RenderError that does not say yet what was tried on which chart. */
export class BareError extends RenderError {}

// A message ends in a condition, where the reader wants a line and the API server counts bytes.
const MESSAGE_LENGTH = 1024;

const CODES: Readonly<Record<FailureCode, RenderErrorCode>> = {
  ChartInvalid: 'ChartInvalid',
  KubeVersionUnsupported: 'ChartInvalid',
  SchemaRefused: 'SchemaRefused',
  ValuesInvalid: 'ValuesInvalid',
  TemplateFailed: 'TemplateFailed',
  ManifestInvalid: 'TemplateFailed',
  LookupFailed: 'TemplateFailed',
  TooLarge: 'ResourceExceeded',
  Internal: 'Unavailable',
  ResourceExceeded: 'ResourceExceeded',
  Unavailable: 'Unavailable',
};

/** What a failed reply means to callers: one line, with template and line in front where Helm's words lack them. */
export const renderError = (reply: FailedReply): RenderError => {
  const message = shorten(located(reply));
  return reply.code === 'TooLarge' ? new BareError('ResourceExceeded', message) : new RenderError(CODES[reply.code], message);
};

const located = ({ message, template, line }: FailedReply): string => {
  const place = line > 0 ? `${template}:${line}` : template;
  return template === '' || message.includes(place) ? message : `${place}: ${message}`;
};

const shorten = (message: string): string => {
  const line = message
    .slice(0, 4 * MESSAGE_LENGTH)
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');
  return line.length > MESSAGE_LENGTH ? `${line.slice(0, MESSAGE_LENGTH)}...` : line;
};
