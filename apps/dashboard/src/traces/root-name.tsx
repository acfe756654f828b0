import type { FoundTrace } from '@vantage/api/client'

/** The service and the operation of a root; one that has not come yet is said once. */
export function RootName({ of: { rootService, rootName } }: { readonly of: FoundTrace }) {
  return (
    <>
      <strong>{rootService}</strong>
      {rootName !== rootService && ` ${rootName}`}
    </>
  )
}
