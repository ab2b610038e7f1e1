# Stands in for OpenWrt's rules.mk: the names that recipes use. OUT is where all of it goes.

INCLUDE_DIR:=$(TOPDIR)
BUILD_DIR:=$(OUT)/build
STAGING_DIR:=$(OUT)/staging
ARCH_PACKAGES:=all

INSTALL_DIR:=install -d -m0755
INSTALL_BIN:=install -m0755
INSTALL_DATA:=install -m0644
INSTALL_CONF:=install -m0600
CP:=cp -fpR
