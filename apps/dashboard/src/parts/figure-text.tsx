/** A number with its unit, which stands back. */
export function FigureText({ text }: { readonly text: string }) {
  const [digits, unit] = text.split('\u202F')
  return (
    <>
      {digits}
      {unit !== undefined && <span className="figure-unit">{`\u202F${unit}`}</span>}
    </>
  )
}
