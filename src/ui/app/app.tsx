import { useEffect, useState } from 'react'
import { type ClusterSpec, defaultSpec } from '../../control/spec'
import type { EngineClient } from '../../engine/client'
import { useThemeAttribute } from '../theme/theme'
import { EngineFailure } from './engine-failure'
import { openSession, type Session, SessionProvider } from './session'
import { readSetting, writeSetting } from './settings'
import { Shell } from './shell'
import { useUi } from './ui-state'

type StartEngine = (spec: ClusterSpec) => EngineClient

/** The whole page. The engine starts before anything is drawn and boots in parallel with it. */
export function App({ startEngine }: { readonly startEngine: StartEngine }) {
  useThemeAttribute()
  const [session, setSession] = useState(() => start(startEngine, firstSpec()))
  const [failure, setFailure] = useState<string>()
  useEffect(() => session.engine.onFailure(setFailure), [session])
  const restart = (next: ClusterSpec) => {
    writeSetting('spec', next)
    useUi.getState().select(undefined)
    session.close()
    setFailure(undefined)
    setSession(start(startEngine, next))
  }
  return (
    <SessionProvider value={session}>
      <Shell key={session.id} onNewCluster={restart} />
      {failure !== undefined && (
        <EngineFailure message={failure} onRestart={() => restart(session.spec)} />
      )}
    </SessionProvider>
  )
}

function start(startEngine: StartEngine, spec: ClusterSpec): Session {
  return openSession(startEngine(spec), spec)
}

function firstSpec(): ClusterSpec {
  return { ...defaultSpec, ...readSetting<Partial<ClusterSpec>>('spec', {}) }
}
