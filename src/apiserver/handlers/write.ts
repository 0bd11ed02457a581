import type { KubeObject } from '../../api/object'
import type { Task } from '../../sim/task'
import type { Conversion } from '../conversion'
import { addressOf } from '../resources'
import type {
  Decide,
  Decision,
  ObjectAddress,
  ObjectStore,
  WriteResult,
} from '../storage/object-store'
import type { Backend, ResourceRequest } from './backend'

/** Writes the request's object: decisions and answers are in the version of the request. */
export function writeAt(
  backend: Backend,
  request: ResourceRequest,
  name: string,
  decide: Decide,
): Task<WriteResult> {
  const { resource, info } = request
  const at = addressOf(resource, info.namespace, name)
  const { conversion } = resource
  const { store } = backend
  return conversion ? writeConverted(store, at, conversion, decide) : store.write(at, decide)
}

function* writeConverted(
  store: ObjectStore,
  at: ObjectAddress,
  conversion: Conversion,
  decide: Decide,
): Task<WriteResult> {
  const result = yield* store.write(at, (current, seen) => {
    const decision = decide(current && conversion.fromStored(current), seen)
    return stored(decision, conversion.toStored)
  })
  return result.ok ? { ...result, object: conversion.fromStored(result.object) } : result
}

function stored(decision: Decision, convert: (object: KubeObject) => KubeObject): Decision {
  switch (decision.type) {
    case 'put':
    case 'answer':
      return { ...decision, object: convert(decision.object) }
    case 'delete':
      return decision.answer ? { ...decision, answer: convert(decision.answer) } : decision
    case 'refuse':
      return decision
  }
}
