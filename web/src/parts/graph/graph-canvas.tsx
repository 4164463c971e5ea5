import '@xyflow/react/dist/base.css';
import { ActionIcon } from '@mantine/core';
import {
  Background,
  Handle,
  type Node,
  type NodeProps,
  Panel,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from '@xyflow/react';
import { memo, type ReactNode, useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { AddIcon, FitIcon, LessIcon } from '../../icons.ts';
import css from './graph-canvas.module.css';
import type { Box, BoxSize, Edge } from './layers.ts';

export interface CanvasNode {
  id: string;
  name: string;
  content: ReactNode;
}

interface GraphCanvasProps {
  label: string;
  nodes: readonly CanvasNode[];
  /** Places in `nodes`. */
  edges: readonly Edge[];
  boxes: readonly Box[];
  size: BoxSize;
  /** Over the canvas, in its upper corner. */
  children?: ReactNode;
}

type FlowNode = Node<{ content: ReactNode }, 'box'>;
const TYPES = { box: memo(BoxNode) };
const FIT = { padding: 0.12, maxZoom: 1, minZoom: 0.1 };
/** At first sight a name can be guessed at least, even if some of it is out of sight then. */
const FIRST_FIT = { ...FIT, minZoom: 0.35 };

/** To look at and to walk through: pan, zoom, and nodes that are links. What is out of sight is not drawn. */
export function GraphCanvas(props: GraphCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({ label, nodes, edges, boxes, size, children }: GraphCanvasProps) {
  const { t } = useTranslation('runs');
  const flow = useReactFlow();
  const flowNodes = useMemo(
    () => nodes.map((node, place) => flowNode(node, boxes[place], size)),
    [nodes, boxes, size],
  );
  const flowEdges = useMemo(
    () =>
      edges.map(([from, to]) => ({
        id: `${nodes[from]?.id} ${nodes[to]?.id}`,
        source: nodes[from]?.id ?? '',
        target: nodes[to]?.id ?? '',
        focusable: false,
        ariaLabel: t('graph.edge', { before: nodes[from]?.name, after: nodes[to]?.name }),
      })),
    [edges, nodes, t],
  );
  const shape = `${boxes.length} ${boxes.map(({ x, y }) => `${x},${y}`).join(' ')}`;
  // A graph that is laid out anew is to be seen as a whole; one that only changes its colours stays as it was turned.
  useEffect(() => {
    if (shape !== '') void flow.fitView(FIRST_FIT);
  }, [shape, flow]);
  return (
    <section className={css.canvas} aria-label={label}>
      <ReactFlow<FlowNode>
        nodes={flowNodes}
        edges={flowEdges}
        nodeTypes={TYPES}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        zoomOnDoubleClick={false}
        minZoom={0.1}
        maxZoom={2}
        fitView
        fitViewOptions={FIRST_FIT}
        proOptions={{ hideAttribution: true }}
      >
        <Background color="var(--line)" gap={18} />
        <Panel position="bottom-left">
          <Controls />
        </Panel>
        {children !== undefined && <Panel position="top-right">{children}</Panel>}
      </ReactFlow>
    </section>
  );
}

function flowNode({ id, content }: CanvasNode, box: Box | undefined, { width, height }: BoxSize): FlowNode {
  const place = { x: box?.x ?? 0, y: box?.y ?? 0 };
  return {
    id,
    type: 'box',
    position: place,
    data: { content },
    width,
    height,
    measured: { width, height },
    // Known without drawing: a line to a node that is out of sight has an end.
    handles: [
      { type: 'target', position: Position.Left, x: 0, y: height / 2 },
      { type: 'source', position: Position.Right, x: width, y: height / 2 },
    ],
  };
}

function BoxNode({ data }: NodeProps<FlowNode>) {
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} className={css.handle} />
      {data.content}
      <Handle type="source" position={Position.Right} isConnectable={false} className={css.handle} />
    </>
  );
}

function Controls() {
  const { t } = useTranslation('runs');
  const { zoomIn, zoomOut, fitView } = useReactFlow();
  return (
    <div className={css.controls}>
      <ActionIcon variant="default" aria-label={t('graph.zoom_out')} onClick={() => void zoomOut()}>
        <LessIcon size={16} aria-hidden="true" />
      </ActionIcon>
      <ActionIcon variant="default" aria-label={t('graph.fit')} onClick={() => void fitView(FIT)}>
        <FitIcon size={16} aria-hidden="true" />
      </ActionIcon>
      <ActionIcon variant="default" aria-label={t('graph.zoom_in')} onClick={() => void zoomIn()}>
        <AddIcon size={16} aria-hidden="true" />
      </ActionIcon>
    </div>
  );
}
