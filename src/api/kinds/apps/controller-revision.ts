import type { ControllerRevision } from '../../generated/apps-v1'
import { invalid, Path, required } from '../../machinery/field'
import { semanticEqual } from '../../machinery/semantic-equal'
import { checkNonNegative, FIELD_IMMUTABLE } from '../checks'
import { type KindStrategy, strategyOf } from '../strategy'

const DATA = Path.of('data')

/** Rules of `controllerrevisions`: what they hold never changes. */
export const controllerRevisionStrategy: KindStrategy<ControllerRevision> =
  strategyOf<ControllerRevision>({
    validate(object, errors) {
      if (object.data === undefined) errors.push(required(DATA, 'data is mandatory'))
      checkNonNegative(object.revision, Path.root, 'revision', errors)
    },
    validateUpdate(next, old, errors) {
      checkNonNegative(next.revision, Path.root, 'revision', errors)
      if (semanticEqual(next.data, old.data)) return
      errors.push(invalid(DATA, next.data ?? null, FIELD_IMMUTABLE))
    },
  })
