/**
 * Whether the element in focus got it from the pointer. `:focus-visible` cannot tell: it changes as
 * soon as a key is pressed, and the key is what is being asked about.
 */
let byPointer = false
let pointerLast = false

addEventListener(
  'pointerdown',
  () => {
    pointerLast = true
    byPointer = true
  },
  true,
)
addEventListener(
  'keydown',
  () => {
    pointerLast = false
  },
  true,
)
addEventListener(
  'focusin',
  () => {
    byPointer = pointerLast
  },
  true,
)

export function isFocusedByPointer(): boolean {
  return byPointer
}
