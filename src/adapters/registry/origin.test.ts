import { describe, expect, it } from 'vitest';
import { originsWith } from './origin.ts';

const originOf = originsWith(['plain.example:5000', 'Plain.Example']);

describe('originsWith', () => {
  it.each([
    ['https', 'r.example', 'https://r.example'],
    ['https on a port', 'r.example:5000', 'https://r.example:5000'],
    ['plain HTTP for a listed host', 'plain.example:5000', 'http://plain.example:5000'],
    ['plain HTTP whatever the case', 'PLAIN.example', 'http://plain.example'],
    ['https on another port of a listed host', 'plain.example:5001', 'https://plain.example:5001'],
    ["Docker Hub's API", 'docker.io', 'https://registry-1.docker.io'],
    ["Docker Hub's API under its older name", 'index.docker.io', 'https://registry-1.docker.io'],
    ["Docker Hub's API itself", 'registry-1.docker.io', 'https://registry-1.docker.io'],
    ['an IPv6 address', '[::1]:5000', 'https://[::1]:5000'],
  ])('reaches %s', (_name, registry, origin) => {
    expect(originOf(registry).origin).toBe(origin);
  });
});
