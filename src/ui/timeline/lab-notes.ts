import type { LabState, MachineState } from '../../control/state'
import { type Reach, reachOf } from '../view/reach'
import type { FeedLine } from './feed'

export type LabNote = FeedLine

interface Finding {
  readonly about: string
  readonly reason: string
  readonly tone: LabNote['tone']
  readonly text: string
  readonly time?: number
}

/** What happened to machines, etcd and leaders between two looks at the lab, in sentences. */
export function labNotes(before: LabState, now: LabState, firstId: number): readonly LabNote[] {
  if (before === now) return []
  const findings = [
    ...powerNotes(before, now),
    ...etcdNotes(before, now),
    ...leaseNotes(before, now),
  ]
  return findings.map((finding, index) => ({
    id: `lab-${String(firstId + index).padStart(8, '0')}`,
    source: 'lab',
    count: 1,
    ...finding,
    time: finding.time ?? now.time,
  }))
}

function powerNotes(before: LabState, now: LabState): Finding[] {
  if (before.machines === now.machines) return []
  const known = new Map(before.machines.map((machine) => [machine.id, machine]))
  const findings: Finding[] = []
  for (const machine of now.machines) {
    const old = known.get(machine.id)
    if (!old || old === machine) continue
    if (old.power !== machine.power) findings.push(powerNote(machine))
    const wire = wireNote(machine, reachOf(old, before.machines), reachOf(machine, now.machines))
    if (wire) findings.push(wire)
  }
  return findings
}

function wireNote(machine: MachineState, before: Reach, now: Reach): Finding | undefined {
  const { id: about } = machine
  if (before.kind === now.kind) return undefined
  switch (now.kind) {
    case 'all':
      return { about, reason: 'Connected', tone: 'good', text: `${about} is connected again.` }
    case 'nobody':
      return {
        about,
        reason: 'CutOff',
        tone: 'bad',
        text: `${about} was cut off from the network.`,
      }
    case 'no-master': {
      const text = `${about} was cut off from the other masters.`
      return { about, reason: 'CutOff', tone: 'bad', text }
    }
    case 'some': {
      const text = `${about} lost its wire to ${now.cutTo.join(', ')}.`
      return { about, reason: 'WireCut', tone: 'bad', text }
    }
  }
}

function powerNote(machine: MachineState): Finding {
  const { id, power, since } = machine
  const about = id
  if (power === 'off') {
    return { about, reason: 'PowerOff', tone: 'bad', text: `${id} lost power.`, time: since }
  }
  if (power === 'shutting-down') {
    return {
      about,
      reason: 'ShuttingDown',
      tone: 'warn',
      text: `${id} is shutting down.`,
      time: since,
    }
  }
  const text = power === 'booting' ? `${id} was powered on.` : `${id} is on.`
  return { about, reason: 'PowerOn', tone: 'good', text, time: since }
}

function etcdNotes(before: LabState, now: LabState): Finding[] {
  if (before.etcd === now.etcd) return []
  const led = new Set(
    before.etcd.filter((m) => m.role === 'leader').map((m) => `${m.machine} ${m.term}`),
  )
  return now.etcd
    .filter((m) => m.role === 'leader' && !led.has(`${m.machine} ${m.term}`))
    .map((m) => ({
      about: m.machine,
      reason: 'etcd leader',
      tone: 'leader' as const,
      text: `${m.machine} leads etcd in term ${m.term}.`,
    }))
}

function leaseNotes(before: LabState, now: LabState): Finding[] {
  if (before.leases === now.leases) return []
  const held = new Map(before.leases.map((lease) => [lease.name, lease.machine]))
  return now.leases
    .filter((lease) => lease.machine !== '' && held.get(lease.name) !== lease.machine)
    .map((lease) => ({
      about: lease.machine,
      reason: 'leader lease',
      tone: 'leader' as const,
      text: `${lease.name} on ${lease.machine} took the lead.`,
    }))
}
