import { Handle, Position } from '@xyflow/react'

/** Where React Flow thinks that wires end; the wires themselves know better. */
export function Anchors() {
  return (
    <>
      <Handle type="source" position={Position.Bottom} isConnectable={false} className="anchor" />
      <Handle type="target" position={Position.Top} isConnectable={false} className="anchor" />
    </>
  )
}
