// Package controllers stands for sigs.k8s.io/mcs-api/controllers, of which Cilium uses one constant.
package controllers

// DerivedServiceAnnotation is set on a ServiceImport and names the Service made of it.
const DerivedServiceAnnotation = "multicluster.kubernetes.io/derived-service"
