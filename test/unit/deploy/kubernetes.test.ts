import { describe, expect, it } from 'vitest';
import { containers, manifestFiles, manifests, workloads } from './files.ts';

const all = manifestFiles.flatMap((file) => workloads(file).map((workload) => ({ file, workload })));
const pods = all.map(({ file, workload }) => ({ title: `${file}: ${workload.metadata.name}`, file, workload }));
const everyContainer = pods.flatMap(({ title, workload }) =>
  containers(workload).map((container) => ({ title: `${title}: ${container.name}`, container })),
);
const sluices = everyContainer.filter(({ container }) => container.image.startsWith('sluice:'));

it('finds the workloads of the three ways to deploy', () => {
  expect(
    all.map(({ workload }) => `${workload.kind} ${workload.metadata.name} ${workload.spec.replicas}`).sort(),
  ).toEqual([
    'Deployment shop-app 3',
    'Deployment sluice-apply 3',
    'StatefulSet sluice 1',
    'StatefulSet sluice-capture 1',
  ]);
});

describe.each(pods)('the pod of $title', ({ file, workload }) => {
  const { spec, metadata } = workload.spec.template;

  it('runs as an ordinary user with the default system call filter and no account of the cluster', () => {
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(spec.automountServiceAccountToken).toBe(false);
  });

  it('keeps the variables of Services out of the environment', () => {
    expect(spec.enableServiceLinks).toBe(false);
  });

  it('is the pod that its workload selects', () => {
    expect(metadata.labels).toEqual(workload.spec.selector.matchLabels);
  });

  it('mounts volumes and configuration that exist', () => {
    const here = manifests(file);
    const secrets = manifests('deploy/kubernetes/secret.example.yaml').map((each) => each.metadata.name);
    const names = [...spec.volumes, ...(workload.spec.volumeClaimTemplates ?? []).map((each) => each.metadata)];
    for (const { volumeMounts } of containers(workload)) {
      for (const mount of volumeMounts ?? []) expect(names.map(({ name }) => name)).toContain(mount.name);
    }
    for (const { configMap, secret } of spec.volumes) {
      if (configMap !== undefined) {
        expect(here.map((each) => `${each.kind} ${each.metadata.name}`)).toContain(`ConfigMap ${configMap.name}`);
      }
      if (secret !== undefined) expect(secrets).toContain(secret.secretName);
    }
  });
});

describe.each(everyContainer)('the container of $title', ({ container }) => {
  it('has no right it does not need', () => {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('says what it needs, and is bounded in memory', () => {
    expect(Object.keys(container.resources?.requests ?? {}).sort()).toEqual(['cpu', 'memory']);
    expect(container.resources?.limits).toHaveProperty('memory');
  });
});

describe.each(sluices)('the container of $title, a Sluice', ({ container }) => {
  const port = container.ports?.[0];

  it('is restarted only when it hangs, and asked for readiness somewhere', () => {
    expect(port?.containerPort).toBe(8080);
    expect(container.livenessProbe?.httpGet).toEqual({ path: '/livez', port: port?.name });
    const asked = [container.readinessProbe, container.startupProbe].map((probe) => probe?.httpGet?.path);
    expect(asked).toContain('/readyz');
  });

  it('listens on the address of the pod, where probes come in', () => {
    expect(container.env).toContainEqual({ name: 'SLUICE_ADMIN_HOST', value: '0.0.0.0' });
  });
});

it('gives a sidecar the name of its pod, and starts it before the application', () => {
  const [app] = workloads('deploy/kubernetes/sidecar.yaml');
  const sidecars = app?.spec.template.spec.initContainers ?? [];
  expect(sidecars.map(({ name, restartPolicy }) => `${name} ${restartPolicy}`)).toEqual([
    'redis Always',
    'sluice Always',
  ]);
  const [map] = manifests('deploy/kubernetes/sidecar.yaml');
  expect(map?.data?.['sluice.yaml']).toContain('name: ${POD_NAME}');
});

it('holds no secret, only placeholders', () => {
  const [secret] = manifests('deploy/kubernetes/secret.example.yaml');
  expect(new Set(Object.values(secret?.stringData ?? {}))).toEqual(new Set(['REPLACE-ME']));
});
