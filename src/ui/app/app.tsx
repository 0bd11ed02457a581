import { useCallback, useEffect, useState } from 'react'
import { type ClusterSpec, defaultSpec } from '../../control/spec'
import type { EngineClient } from '../../engine/client'
import { useThemeAttribute } from '../theme/theme'
import { EngineFailure } from './engine-failure'
import { openSession, type Session, SessionProvider } from './session'
import { readSetting, writeSetting } from './settings'
import { Shell } from './shell'
import { useUi } from './ui-state'

type StartEngine = (spec: ClusterSpec) => EngineClient

/** The whole page. The engine starts before the first paint and runs in parallel with it. */
export function App({ startEngine }: { readonly startEngine: StartEngine }) {
  useThemeAttribute()
  const [spec, setSpec] = useState<ClusterSpec>(firstSpec)
  const { session, failure } = useSessionOf(startEngine, spec)
  const restart = useCallback((next: ClusterSpec) => {
    writeSetting('spec', next)
    useUi.getState().select(undefined)
    setSpec({ ...next })
  }, [])
  if (!session) return null
  return (
    <SessionProvider value={session}>
      <Shell key={session.id} onNewCluster={restart} />
      {failure !== undefined && (
        <EngineFailure message={failure} onRestart={() => restart(session.spec)} />
      )}
    </SessionProvider>
  )
}

function firstSpec(): ClusterSpec {
  return { ...defaultSpec, ...readSetting<Partial<ClusterSpec>>('spec', {}) }
}

/** Opens a session per spec and closes the one before. */
function useSessionOf(startEngine: StartEngine, spec: ClusterSpec) {
  const [session, setSession] = useState<Session>()
  const [failure, setFailure] = useState<string>()
  useEffect(() => {
    const engine = startEngine(spec)
    const opened = openSession(engine, spec)
    setSession(opened)
    setFailure(undefined)
    engine.onFailure(setFailure)
    return () => opened.close()
  }, [startEngine, spec])
  return { session, failure }
}
