{{/* What every object is called: the release, and the chart's name where the release does not say it already. */}}
{{- define "inferometer.name" -}}
{{- if contains "inferometer" .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-inferometer" .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Rights belong to the cluster, so their name holds the release always. */}}
{{- define "inferometer.clusterRole" -}}
{{- printf "%s-inferometer" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "inferometer.selector" -}}
app.kubernetes.io/name: inferometer
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* managed-by is Helm's here: only the objects of runs bear the operator's. */}}
{{- define "inferometer.labels" -}}
{{ include "inferometer.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "inferometer.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
