import { type SchedulerPlugin, scoreMax } from '../framework'

const mebibyte = 1024 * 1024
/** Bounds of what counts: less is not worth a thought, more is all the same. */
const bytesMin = 23 * mebibyte
const bytesMaxPerContainer = 1000 * mebibyte

/** As the container runtime lists it: with a tag. */
function normalized(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}

const nowhere = { score: () => 0 }

export const imageLocality: SchedulerPlugin = {
  name: 'ImageLocality',
  weight: 1,
  events: [],
  scoreStep({ pod }, cluster) {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    const wanted: { readonly name: string; readonly spread: number }[] = []
    for (const { image = '' } of containers) {
      const name = normalized(image)
      const nodes = cluster.nodesWithImage(name)
      if (nodes > 0) wanted.push({ name, spread: nodes / cluster.nodes.size })
    }
    if (wanted.length === 0) return nowhere
    const bytesMax = bytesMaxPerContainer * containers.length
    return {
      score(node) {
        let bytes = 0
        for (const { name, spread } of wanted) {
          bytes += Math.floor((node.images.get(name) ?? 0) * spread)
        }
        const counted = Math.min(Math.max(bytes, bytesMin), bytesMax)
        return Math.floor((scoreMax * (counted - bytesMin)) / (bytesMax - bytesMin))
      },
    }
  },
}
