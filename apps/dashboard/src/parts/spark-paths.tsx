import { sparklineArea, sparklinePath } from '@vantage/charts'

interface SparkPathsProps {
  readonly values: readonly number[]
  readonly width: number
  readonly height: number
}

/** A line over what lies below it. */
export function SparkPaths({ values, width, height }: SparkPathsProps) {
  const path = sparklinePath(values, width, height)
  return (
    <>
      <path className="spark-area" d={sparklineArea(path, height)} />
      <path d={path} />
    </>
  )
}
