import { describe, expect, it } from 'vitest'
import type { KubeObject, ResourceRef } from '../../api/object'
import { CONFIGMAPS } from '../../api/resources'
import { OwnershipGraph } from './graph'
import { judge, type OwnerState } from './plan'

const ref: ResourceRef = CONFIGMAPS

function object(
  uid: string,
  owners: readonly string[],
  finalizers: readonly string[] = [],
): KubeObject {
  const ownerReferences = owners.map((owner) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: owner,
    uid: owner,
    blockOwnerDeletion: true,
  }))
  const deletionTimestamp = finalizers.length > 0 ? 'now' : undefined
  return {
    metadata: { name: uid, namespace: 'n', uid, ownerReferences, finalizers, deletionTimestamp },
  }
}

describe('judge (C8)', () => {
  it.each<[OwnerState[], boolean, object]>([
    [['solid'], false, { type: 'keep' }],
    [['absent'], false, { type: 'delete', policy: 'Background' }],
    [['solid', 'absent'], false, { type: 'unlink', uids: ['o1'] }],
    [['solid', 'waiting'], true, { type: 'unlink', uids: ['o1'] }],
    [['waiting'], true, { type: 'delete', policy: 'Foreground' }],
    [['waiting'], false, { type: 'delete', policy: 'Background' }],
  ])('owners %j, dependents %s', (states, hasDependents, verdict) => {
    const owners = states.map((_, i) => `o${i}`)
    expect(judge(object('x', owners), states, hasDependents)).toEqual(verdict)
  })
})

describe('OwnershipGraph', () => {
  function graph() {
    const deletions: string[] = []
    const orphans: string[] = []
    const made = new OwnershipGraph({
      attemptToDelete: (uid) => void deletions.push(uid),
      attemptToOrphan: (uid) => void orphans.push(uid),
      resourceOf: () => ref,
    })
    return { graph: made, deletions, orphans, drain: () => deletions.splice(0) }
  }

  it('looks at the dependents of what is gone', () => {
    const { graph: g, drain } = graph()
    g.observe(ref, object('a', []))
    g.observe(ref, object('b', ['a']))
    expect(drain()).toEqual([])
    g.remove('a')
    expect(drain()).toEqual(['b'])
  })

  it('checks an owner that it has never seen', () => {
    const { graph: g, drain } = graph()
    g.observe(ref, object('b', ['a']))
    expect(g.get('a')?.isVirtual).toBe(true)
    expect(drain()).toEqual(['a'])
    g.observe(ref, object('a', []))
    expect(g.get('a')?.isVirtual).toBe(false)
    expect(g.get('a')?.dependents).toEqual(new Set(['b']))
  })

  it('waits in the foreground for blocking dependents, circles included', () => {
    const { graph: g, drain } = graph()
    g.observe(ref, object('a', ['b']))
    g.observe(ref, object('b', ['a']))
    drain()
    g.observe(ref, object('a', ['b'], ['foregroundDeletion']))
    expect(drain()).toEqual(['b', 'a'])
    const node = g.get('a')
    expect(node && g.blockingDependents(node).map(({ identity }) => identity.uid)).toEqual(['b'])
    g.remove('b')
    expect(drain()).toEqual(['a', 'a'])
  })

  it('gives an owner its dependents back when it was gone from the graph only', () => {
    const { graph: g } = graph()
    g.observe(ref, object('a', []))
    g.observe(ref, object('b', ['a']))
    g.remove('a')
    g.observe(ref, object('a', []))
    const dependent = g.get('b')
    if (dependent) g.confirm(dependent)
    expect(g.get('a')?.dependents).toEqual(new Set(['b']))
  })

  it('orphans on request', () => {
    const { graph: g, orphans } = graph()
    g.observe(ref, object('a', [], ['orphan']))
    expect(orphans).toEqual(['a'])
  })

  it('follows a second delete with another policy', () => {
    const { graph: g, orphans } = graph()
    g.observe(ref, object('a', [], ['foregroundDeletion']))
    expect(g.get('a')?.isDeletingDependents).toBe(true)
    g.observe(ref, object('a', [], ['orphan']))
    expect(g.get('a')?.isDeletingDependents).toBe(false)
    expect(orphans).toEqual(['a'])
  })
})
