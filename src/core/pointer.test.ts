import { describe, expect, it } from 'vitest';
import { isWithin, parsePointer } from './pointer.ts';

const MANIFEST = {
  spec: {
    replicas: 2,
    template: { spec: { containers: [{ name: 'side' }, { name: 'web', ports: [{ containerPort: 80 }] }] } },
  },
  metadata: { finalizers: ['a', 'b'], annotations: { 'example.com/x': '1' } },
};
const CONTAINER = ['f:spec', 'f:template', 'f:spec', 'f:containers', 'k:{"name":"web"}'];
const PORT = [...CONTAINER, 'f:ports', 'k:{"containerPort":80,"protocol":"TCP"}'];

describe('isWithin', () => {
  it.each([
    { pointer: '/spec/replicas', path: ['f:spec', 'f:replicas'], expected: true },
    { pointer: '/spec', path: ['f:spec', 'f:replicas'], expected: true },
    { pointer: '', path: ['f:spec'], expected: true },
    { pointer: '/spec/replicas', path: ['f:spec', 'f:replicasOf'], expected: false },
    { pointer: '/spec/replicas', path: ['f:spec'], expected: false },
    { pointer: '/metadata/annotations/example.com~1x', path: ['f:metadata', 'f:annotations', 'f:example.com/x'], expected: true },
    { pointer: '/metadata/annotations/*', path: ['f:metadata', 'f:annotations', 'f:example.com/x'], expected: true },
    { pointer: '/spec/template/spec/containers/name=web/image', path: [...CONTAINER, 'f:image'], expected: true },
    { pointer: '/spec/template/spec/containers/1/image', path: [...CONTAINER, 'f:image'], expected: true },
    { pointer: '/spec/template/spec/containers/0/image', path: [...CONTAINER, 'f:image'], expected: false },
    { pointer: '/spec/template/spec/containers/*/image', path: [...CONTAINER, 'f:image'], expected: true },
    { pointer: '/spec/template/spec/containers/name=side/image', path: [...CONTAINER, 'f:image'], expected: false },
    { pointer: '/spec/template/spec/containers/web/image', path: [...CONTAINER, 'f:image'], expected: false },
    { pointer: '/spec/template/spec/containers/1/ports/containerPort=80', path: PORT, expected: true },
    { pointer: '/spec/template/spec/containers/1/ports/containerPort=80,protocol=TCP', path: PORT, expected: true },
    { pointer: '/spec/template/spec/containers/1/ports/protocol=UDP', path: PORT, expected: false },
    { pointer: '/spec/template/spec/containers/1/ports/0', path: PORT, expected: true },
    { pointer: '/metadata/finalizers/b', path: ['f:metadata', 'f:finalizers', 'v:"b"'], expected: true },
    { pointer: '/metadata/finalizers/1', path: ['f:metadata', 'f:finalizers', 'v:"b"'], expected: true },
    { pointer: '/metadata/finalizers/0', path: ['f:metadata', 'f:finalizers', 'v:"b"'], expected: false },
  ])('$pointer and $path: $expected', ({ pointer, path, expected }) => {
    expect(isWithin(path, parsePointer(pointer) ?? ['?'], MANIFEST)).toBe(expected);
  });

  it('takes a text without a slash for no path', () => {
    expect(parsePointer('spec.replicas')).toBeUndefined();
  });
});
