import { type SchedulerPlugin, scoreMax } from '../framework'

const mebibyte = 1024 * 1024
/** Bounds of what counts: less is not worth a thought, more is all the same. */
const bytesMin = 23 * mebibyte
const bytesMaxPerContainer = 1000 * mebibyte

/** As the container runtime lists it: with a tag. */
function normalized(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}

export const imageLocality: SchedulerPlugin = {
  name: 'ImageLocality',
  weight: 1,
  events: [],
  score({ pod }, node, cluster) {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    let bytes = 0
    for (const { image = '' } of containers) {
      const name = normalized(image)
      const size = node.images.get(name)
      if (size === undefined) continue
      bytes += Math.floor((size * cluster.nodesWithImage(name)) / cluster.nodes.size)
    }
    const bytesMax = bytesMaxPerContainer * containers.length
    const counted = Math.min(Math.max(bytes, bytesMin), bytesMax)
    return Math.floor((scoreMax * (counted - bytesMin)) / (bytesMax - bytesMin))
  },
}
