import { databases } from './database-images'
import { alpine, debian, image, tagsOf } from './image-builders'
import type { Image } from './program'
import { testImages } from './test-images'
import { webServers } from './web-images'

const controlPlanePrograms: readonly (readonly [string, number, readonly number[]])[] = [
  ['kube-apiserver', 30_111_492, [6443]],
  ['kube-controller-manager', 27_681_301, [10_257]],
  ['kube-scheduler', 21_136_588, [10_259]],
  ['kube-proxy', 31_468_661, [10_249, 10_256]],
  ['etcd', 22_871_747, [2379, 2380, 2381]],
]

const controlPlane: Image[] = controlPlanePrograms.map(([name, sizeBytes, ports]) => ({
  repository: `registry.k8s.io/${name}`,
  sizeBytes,
  shell: false,
  entrypoint: [name],
  binaries: { [name]: { kind: 'process', ports } },
}))

const shells: Image[] = [
  image(
    'library/busybox',
    2.2,
    {},
    { tags: tagsOf(String.raw`1(\.([0-9]|[12]\d|3[0-8])(\.\d{1,2})?)?`) },
  ),
  image(
    'library/alpine',
    3.8,
    {},
    { ...alpine, tags: tagsOf(String.raw`[23](\.([0-9]|1\d|2[0-3])(\.\d{1,2})?)?|edge`) },
  ),
  image('library/debian', 48.5, {}, debian),
  image('library/ubuntu', 29.7, {}),
  image('library/bash', 6.4, {}, alpine),
  image('curlimages/curl', 9.6, {}, alpine),
  image('nicolaka/netshoot', 170, {}, alpine),
  image('registry.k8s.io/e2e-test-images/busybox', 2.2, {}),
  image('gcr.io/google-containers/busybox', 0.7, {}),
  image('registry.k8s.io/busybox', 1.1, {}),
  image('k8s.gcr.io/busybox', 1.1, {}),
  image('registry.k8s.io/e2e-test-images/jessie-dnsutils', 114, {}),
]

/** Languages: what they run is not known here, so it is the generic server. */
const languages: Image[] = [
  'python',
  'node',
  'openjdk',
  'golang',
  'ruby',
  'php',
  'perl',
  'eclipse-temurin',
  'tomcat',
].map((name) =>
  image(
    `library/${name}`,
    name === 'openjdk' ? 240 : 120,
    {
      [name]: { kind: 'generic' },
      npm: { kind: 'generic' },
      java: { kind: 'generic' },
      python3: { kind: 'generic' },
      go: { kind: 'generic' },
    },
    debian,
  ),
)

/** Images whose programs behave like themselves. Sizes are the compressed ones, about right. */
export const catalogue: readonly Image[] = [
  ...shells,
  ...webServers,
  ...databases,
  ...testImages,
  ...languages,
  ...controlPlane,
]

/** Layers that several images share, and their sizes. */
export const baseLayerBytes: { readonly [name: string]: number } = {
  debian: 28_200_000,
  alpine: 3_640_000,
}

const anyImage: Omit<Image, 'repository' | 'sizeBytes'> = {
  shell: true,
  entrypoint: ['server'],
  binaries: { server: { kind: 'generic' } },
}

/** The stand-in for an image that the catalogue does not have. */
export function genericImage(repository: string, sizeBytes: number): Image {
  return { ...anyImage, repository, sizeBytes }
}

const exact = new Map(
  catalogue.filter((i) => !i.repository.endsWith('*')).map((i) => [i.repository, i]),
)
const prefixes = catalogue.filter((i) => i.repository.endsWith('*'))

export function findImage(repository: string): Image | undefined {
  return (
    exact.get(repository) ?? prefixes.find((i) => repository.startsWith(i.repository.slice(0, -1)))
  )
}
