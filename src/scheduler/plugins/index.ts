import type { SchedulerPlugin } from '../framework'
import { balancedAllocation } from './balanced-allocation'
import { imageLocality } from './image-locality'
import { nodeAffinity } from './node-affinity'
import { nodeName } from './node-name'
import { nodePorts } from './node-ports'
import { nodeResourcesFit } from './node-resources-fit'
import { nodeUnschedulable } from './node-unschedulable'
import { taintToleration } from './taint-toleration'

/** In the order the default profile asks them: the first refusal ends the look at a node. */
export const defaultPlugins: readonly SchedulerPlugin[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  balancedAllocation,
  imageLocality,
]
