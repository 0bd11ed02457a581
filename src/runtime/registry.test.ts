import { describe, expect, it } from 'vitest'
import { fullImageName, parseImageName } from './image-name'
import { resolveImage } from './registry'

describe('image names', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['bitnami/redis:7', 'docker.io/bitnami/redis:7'],
    ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['index.docker.io/library/nginx', 'docker.io/library/nginx:latest'],
    ['nginx@sha256:abc', 'docker.io/library/nginx@sha256:abc'],
  ])('%s is %s', (short, full) => {
    expect(fullImageName(parseImageName(short))).toBe(full)
  })
})

describe('registries', () => {
  const resolve = (image: string) => resolveImage(parseImageName(image))

  it.each([
    ['nginx', false],
    ['nginx:1', false],
    ['nginx:2', false],
    ['nginx:1.27.3-alpine', false],
    ['busybox:1.36', false],
    ['alpine:3.20', false],
    ['postgres:16', false],
    ['hello-world', false],
    ['mycompany/app:1.0', true],
    ['my-app', true],
    ['ghcr.io/someone/thing:v2', true],
  ])('%s exists, generic: %s', (image, generic) => {
    const resolution = resolve(image)
    expect(resolution.ok && resolution.manifest.generic).toBe(generic)
    expect(resolution.ok).toBe(true)
  })

  it.each([
    [
      'nginx:nope',
      /^rpc error: code = NotFound desc = failed to pull and unpack image "docker.io\/library\/nginx:nope": failed to resolve reference "docker.io\/library\/nginx:nope": docker.io\/library\/nginx:nope: not found$/,
    ],
    ['nginx:1.161', /: not found$/],
    ['busybox:9.9', /: not found$/],
    ['mycompany/app:does-not-exist', /: not found$/],
    [
      'nonexistent/image',
      /pull access denied, repository does not exist or may require authorization/,
    ],
    ['no-such-image:1', /pull access denied/],
    ['registry.invalid/app:1', /dial tcp: lookup registry.invalid: no such host$/],
    ['registry.example.com/app:1', /lookup registry.example.com: no such host$/],
    ['localhost:5000/app', /dial tcp 127.0.0.1:5000: connect: connection refused$/],
  ])('%s does not', (image, error) => {
    const resolution = resolve(image)
    expect(resolution.ok ? '' : resolution.error).toMatch(error)
  })
})
