import { CHART_THEMES } from '@vantage/charts'
import { useEffect, useRef } from 'react'
import { useDeviceRatio } from '../app/device-ratio.ts'
import { usePreferences } from '../app/preferences.ts'
import type { LiveSession } from './live-session.ts'

const WIDTH_PX = 300
const HEIGHT_PX = 20

interface CornerProps {
  readonly session: LiveSession
  readonly dropped: number
}

/** Frames, late frames and losses, written on a canvas once a second so that the page has no layout from it. */
export function Corner({ session, dropped }: CornerProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = usePreferences((one) => one.drawnTheme)
  const ratio = useDeviceRatio()
  useEffect(() => {
    const element = canvas.current as HTMLCanvasElement
    const context = element.getContext('2d') as CanvasRenderingContext2D
    element.width = WIDTH_PX * ratio
    element.height = HEIGHT_PX * ratio
    const write = () => {
      const { framesPerSecond, late, targetHz } = session.figures()
      const slowed = targetHz < 60 ? ` (slowed to ${targetHz} Hz)` : ''
      const text = `${framesPerSecond} frames/s${slowed} · ${late} late · ${dropped} samples dropped`
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      context.clearRect(0, 0, WIDTH_PX, HEIGHT_PX)
      context.font = '11px "Inter Variable", system-ui, sans-serif'
      context.textAlign = 'right'
      context.textBaseline = 'middle'
      context.fillStyle = CHART_THEMES[theme].axisText
      context.fillText(text, WIDTH_PX, HEIGHT_PX / 2)
      // For tests and for people who ask the page: no layout comes from an attribute without style.
      element.dataset['framesPerSecond'] = String(framesPerSecond)
    }
    write()
    return session.subscribeFigures(write)
  }, [session, theme, ratio, dropped])
  return <canvas ref={canvas} className="corner" role="img" aria-label={`Frame counter; ${dropped} samples dropped`} />
}
