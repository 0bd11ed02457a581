import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { useUi } from './ui-state'

interface Props {
  readonly title: string
  readonly children: ReactNode
  readonly wide?: boolean
}

/** A dialog in the middle of the page; Esc and a click outside close it. */
export function DialogFrame({ title, children, wide = false }: Props) {
  const openDialog = useUi((state) => state.openDialog)
  const close = () => openDialog(undefined)
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(open) => {
        if (!open) close()
      }}
      className="fixed inset-0 z-40 grid place-items-center bg-[rgb(10_14_24/0.45)]"
    >
      <Modal
        className={`max-h-[92vh] overflow-auto rounded-2xl border border-line bg-surface shadow-xl ${wide ? 'w-[min(900px,94vw)]' : 'w-[min(560px,94vw)]'}`}
      >
        <Dialog className="p-5 outline-none">
          <div className="mb-4 flex items-center justify-between">
            <Heading slot="title" className="text-lg font-semibold">
              {title}
            </Heading>
            <button type="button" className="btn px-1.5" aria-label="Close" onClick={close}>
              <X size={15} aria-hidden />
            </button>
          </div>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
